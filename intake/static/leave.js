// Sensitive pages: gone at one tap or key, and never left behind in the history of this window.
const leaving = document.querySelector("[data-leave]");
const answers = document.getElementById("answers");

function leave() {
  document.documentElement.hidden = true;
  navigator.sendBeacon(leaving.action, new URLSearchParams());
  location.replace(leaving.dataset.leave);
}

if (leaving) {
  leaving.querySelector(".leave__key").hidden = false;
  leaving.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) leave();
  });
}

// What comes next takes this page's place in the history.
answers.addEventListener("submit", async (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  const button = event.submitter;
  if (button?.name) {
    const pressed = document.createElement("input");
    Object.assign(pressed, { type: "hidden", name: button.name, value: button.value });
    answers.append(pressed);
  }
  try {
    const back = await fetch(answers.action, { method: "POST", body: new URLSearchParams(new FormData(answers)) });
    if (back.redirected) return location.replace(back.url);
  } catch {
    // the browser tells what is wrong with the line
  }
  answers.submit();  // the page with its complaints, where there are any
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
