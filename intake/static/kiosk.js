// A device that is lent: tells the server that the patient is busy, warns before the quiet ends, and clears the screen.
const root = document.querySelector("[data-kiosk]");
const { quiet, warning, here, over } = root.dataset;
const dialog = root.querySelector("dialog");
const every = 20_000; // milliseconds between two signs of life
let active = Date.now();
let told = Date.now();

function leave() {
  location.replace(over);
}

// The quiet is over: what was typed on the page is saved first, and counts as not done.
async function clear() {
  clearInterval(watch);
  const form = document.getElementById("answers");
  if (form) {
    const typed = new URLSearchParams(new FormData(form));
    typed.set("keep", "yes");
    try {
      await fetch(form.action, { method: "POST", body: typed });
    } catch {
      // no network: the screen is cleared all the same
    }
  }
  leave();
}

async function tell() {
  told = Date.now();
  try {
    const answer = await fetch(here, { cache: "no-store" });
    if (answer.redirected || !answer.ok) leave();
  } catch {
    // no network for a moment: the server's own clock goes on
  }
}

function isHere() {
  if (!dialog.open) active = Date.now(); // while it asks, its own button answers, so that no tap falls through to the page
}

dialog.querySelector("button").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  active = Date.now();
  tell();
});

for (const event of ["pointerdown", "keydown", "input", "scroll"]) {
  addEventListener(event, isHere, { capture: true, passive: true });
}
addEventListener("pageshow", (event) => event.persisted && leave());
const watch = setInterval(() => {
  const silent = Date.now() - active;
  if (silent >= quiet * 1000) clear();
  else if (silent >= (quiet - warning) * 1000 && !dialog.open) dialog.showModal();
  else if (active > told && Date.now() - told > every) tell();
}, 500);
