-- Patients for wrk, one at a time for each thread: each follows a link, answers page after page as a browser would send
-- them, checks the answers and sends them to the clinic; then the next one comes. Run by bench_pages.py.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(arguments)
  local every, place = tonumber(arguments[2]), 0
  links, method, body, cookie, sent, wrong = {}, "GET", nil, nil, 0, 0
  for link in io.lines(arguments[1]) do
    if place % every == number - 1 then links[#links + 1] = link end
    place = place + 1
  end
  come_in()
end

function come_in()
  path, born = links[sent + 1]:match("^%S+://[^/]+(%S+) (%S+)$")
  cookie = nil
end

function request()
  local headers = { ["Cookie"] = cookie }
  if method == "POST" then headers["Content-Type"] = "application/x-www-form-urlencoded" end
  return wrk.format(method, path, headers, body)
end

local function encode(text)
  text = text:gsub("&#34;", '"'):gsub("&amp;", "&")
  return (text:gsub("[^%w]", function(sign) return string.format("%%%02X", sign:byte()) end))
end

-- What is sent with a form: its hidden fields, and of each question the answer "no", "none" or the first on the list.
local function filled(form)
  local fields, chosen, order = {}, {}, {}
  for tag in form:gmatch("<input[^>]*>") do
    local kind, name, value = tag:match('type="(%w+)"'), tag:match('name="([^"]+)"'), tag:match('value="([^"]*)"') or ""
    if kind == "hidden" then
      fields[#fields + 1] = encode(name) .. "=" .. encode(value)
    elseif kind == "radio" or (kind == "checkbox" and value == "none") then
      if not chosen[name] then order[#order + 1] = name end
      if not chosen[name] or value == "no" then chosen[name] = value end
    elseif name and name:match("^date_of_birth") then
      local year, month, day = born:match("(%d+)-(%d+)-(%d+)")
      local part = { day = day, month = month, year = year }
      fields[#fields + 1] = encode(name) .. "=" .. (part[tag:match('id="date_of_birth%-(%w+)"')] or "")
    end
  end
  for _, name in ipairs(order) do fields[#fields + 1] = encode(name) .. "=" .. encode(chosen[name]) end
  return table.concat(fields, "&")
end

function response(status, headers, page)
  for name, value in pairs(headers) do
    if name:lower() == "set-cookie" and value:match("^session=") then cookie = value:match("^[^;]+") end
  end
  method, body = "GET", nil
  if status >= 300 and status < 400 then
    path = headers["Location"]
    return
  end
  -- the page's own form, and not the one that leaves it quickly
  local form = page:match('<form id="answers".-</form>') or page:match('<form id="enter".-</form>')
    or page:match('<form method="post".-</form>')
  local action = form and form:match('action="([^"]+)"')
  if status == 200 and path:match("^/sent") then
    sent = sent + 1
    come_in()
  elseif status == 200 and path:match("^/welcome") then
    path = page:match('href="(/questions/[^"]+)"')
  elseif status == 200 and form then
    method, path, body = "POST", action or path, filled(form)
  else
    wrong = wrong + 1
  end
end

function done(summary)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  local sent = 0
  for _, thread in ipairs(threads) do
    failed, sent = failed + thread:get("wrong"), sent + thread:get("sent")
  end
  io.write(string.format("requests %d seconds %.2f responses %d failed %d refused %d\n",
    summary.requests, summary.duration / 1e6, sent, failed, summary.errors.status))
end
