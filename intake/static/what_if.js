// What-if: sliders beside the numbers, and outcomes that follow each change. Without it a button shows them.
const form = document.querySelector("[data-what-if]");
const ends = form.querySelector("[data-outcomes]");
const QUIET = 250; // milliseconds without a change
let waiting;
let newest = 0;

function mark() {
  const notAsked = new Set(ends.querySelector("[data-not-asked]").dataset.notAsked.split(" "));
  for (const item of form.querySelectorAll("[data-item]")) item.classList.toggle("ask--not-asked", notAsked.has(item.dataset.item));
}

async function show() {
  const number = ++newest;
  const sent = new FormData(form);
  sent.set("part", "outcomes");
  const answer = await fetch(form.action, { method: "POST", body: sent }).catch(() => null);
  if (number !== newest) return;
  form.querySelector("[data-show]").hidden = Boolean(answer?.ok);
  if (!answer?.ok) return;
  const open = [...ends.querySelectorAll("details")].filter((one) => one.open).map((one) => one.textContent.trim().split(":")[0]);
  ends.innerHTML = await answer.text();
  for (const one of ends.querySelectorAll("details")) one.open ||= open.includes(one.textContent.trim().split(":")[0]);
  mark();
}

for (const number of form.querySelectorAll("[data-low]")) {
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: number.dataset.low, max: number.dataset.high, step: number.dataset.step });
  slider.value = number.value === "" ? number.dataset.low : number.value;
  slider.setAttribute("aria-label", form.querySelector(`label[for="${number.id}"]`).textContent);
  slider.addEventListener("input", () => { number.value = slider.value; });
  number.addEventListener("input", () => { slider.value = number.value; });
  number.parentElement.append(slider);
}
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, QUIET);
});
form.querySelector("[data-show]").hidden = true;
