// Keeps the parts of a page that are marked with data-live up to date: asks for each again every few seconds.
// Nothing comes back while nothing has changed. It rests while nobody sees the page.
const EVERY = 5000; // milliseconds
const PATIENCE = 10000;
const NOT_LIVE_AFTER = 3; // failures, one after the other

const parts = [...document.querySelectorAll("[data-live]")].map((place) => ({ place, version: null }));
const notLive = document.querySelector("[data-not-live]");
const said = document.querySelector("[data-said]");
let failures = 0;
let ended = false;

function say(words) {
  notLive.textContent = words;
  notLive.hidden = !words;
}

function pressed(place) {
  return place.matches(":active") || place.querySelector("form:focus-within") !== null;
}

function show(place, page) {
  const news = place.querySelector("[data-news]")?.dataset.news;
  const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  place.innerHTML = page;
  for (const field of place.querySelectorAll("input[name=csrf_token]")) {
    field.value = place.dataset.token;
  }
  if (focused) {
    [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
  }
  const now = place.querySelector("[data-news]")?.dataset.news;
  if (said && now !== news) {
    said.textContent = `The list has changed: ${now}.`;
  }
}

async function look(part) {
  const headers = part.version ? { "If-None-Match": part.version } : {};
  const answer = await fetch(part.place.dataset.live, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 403) {
    ended = true;
    say("You are signed out, so this page is not kept up to date any more. Open your sign-in link again.");
  } else if (answer.ok && !answer.redirected) {
    const page = await answer.text();
    const isFirst = part.version === null;
    if (!pressed(part.place)) {
      part.version = answer.headers.get("ETag");
      if (!isFirst || page.trim() !== part.place.innerHTML.trim()) {
        show(part.place, page);
      }
    }
  } else if (answer.status !== 304) {
    throw new Error(`answer ${answer.status}`);
  }
}

async function lookAtAll() {
  if (!document.hidden && !ended) {
    try {
      await Promise.all(parts.map(look));
      failures = 0;
      if (!ended) {
        say("");
      }
    } catch {
      failures += 1;
      if (failures === NOT_LIVE_AFTER) {
        const since = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
        say(`This page has not been up to date since ${since}: the server does not answer. It is tried again.`);
      }
    }
  }
}

async function go() {
  await lookAtAll();
  setTimeout(go, EVERY);
}

if (parts.length) {
  setTimeout(go, EVERY);
  document.addEventListener("visibilitychange", lookAtAll);
}
