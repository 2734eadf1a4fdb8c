// Asks a quiet member of staff before the session ends; when it ends, sends what was typed to be kept, and clears the screen.
const root = document.querySelector("[data-staff-quiet]");
const dialog = root.querySelector("dialog");
const { address, over, token } = root.dataset;
const warning = root.dataset.warning * 1000;
let end = Date.now() + root.dataset.staffQuiet * 1000;
let typedIn = null;
let asking = false;
let closing = false;
let busyAt = 0;

const left = () => end - Date.now();

// How much time the server says is left: another window may have been busy since. With POST it begins anew.
async function ask(method) {
  try {
    const body = method === "POST" ? new URLSearchParams({ csrf_token: token }) : undefined;
    const answer = await fetch(address, { method, body, cache: "no-store" });
    if (answer.ok) end = Date.now() + (await answer.json()).seconds * 1000;
    else if (answer.status === 403) end = Date.now();
  } catch {
    // no network for a moment: our own clock goes on
  }
}

function close() {
  closing = true;
  if (!typedIn?.isConnected) return location.replace(over);
  typedIn.dispatchEvent(new Event("submit")); // an editor writes its text into the form
  const keep = document.createElement("input");
  Object.assign(keep, { type: "hidden", name: "keep", value: "yes" });
  typedIn.append(keep);
  typedIn.submit();
}

async function look() {
  if (asking || closing || left() > warning) return;
  asking = true;
  if (!dialog.open) {
    await ask(Date.now() - busyAt < warning ? "POST" : "GET"); // who types is there
    if (left() > 0 && left() <= warning) dialog.showModal();
  }
  if (left() <= 0) {
    await ask("GET");
    if (left() <= 0) close();
  }
  asking = false;
}

for (const kind of ["input", "keydown"]) {
  document.addEventListener(kind, (event) => {
    busyAt = Date.now();
    const form = event.target.closest?.("form");
    if (form && form.method === "post" && (kind === "input" || event.target.closest("[contenteditable]"))) typedIn = form;
  });
}
dialog.querySelector("button").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => ask("POST"));
document.addEventListener("visibilitychange", look);
setInterval(look, 1000);
