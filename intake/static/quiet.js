// Asks a quiet patient, before the answers are closed, and keeps what was typed when they are.
const root = document.querySelector("[data-quiet]");
const dialog = root.querySelector("dialog");
const form = document.getElementById("answers");
const { address, over, token } = root.dataset;
const warning = root.dataset.warning * 1000;
let end = Date.now() + root.dataset.quiet * 1000;
let asking = false;
let closing = false;

const left = () => end - Date.now();

// How much time the server says is left: another window may have been busy since. With POST it begins anew.
async function ask(method) {
  try {
    const body = method === "POST" ? new URLSearchParams({ csrf_token: token }) : undefined;
    const answer = await fetch(address, { method, body, cache: "no-store" });
    if (answer.ok) end = Date.now() + (await answer.json()).seconds * 1000;
  } catch {
    // no network for a moment: our own clock goes on
  }
}

function close() {
  closing = true;
  if (!form) return location.replace(over);
  const keep = document.createElement("input");
  Object.assign(keep, { type: "hidden", name: "keep", value: "yes" });
  form.append(keep);
  form.submit();
}

async function look() {
  if (asking || closing || left() > warning) return;
  asking = true;
  if (!dialog.open) {
    await ask("GET");
    if (left() > 0 && left() <= warning) dialog.showModal();
  }
  if (left() <= 0) close();
  asking = false;
}

dialog.querySelector("button").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", async () => {
  await ask("POST");
  if (left() <= 0) close();
});
document.addEventListener("visibilitychange", look);
setInterval(look, 1000);
