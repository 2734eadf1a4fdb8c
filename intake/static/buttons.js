// Buttons that need a script are there only with one: to print, and to copy what stands in a field.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    const told = button.parentElement.querySelector("[role=status]") ?? button;
    told.textContent = "Copied";
  });
}
