// Small improvements; every page works without them.
document.body.classList.add("js-enabled", "govuk-frontend-supported");

const { initAll } = await import("./vendor/govuk-frontend/govuk-frontend.min.js");
initAll();

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
