// Small improvements; every page works without them.
document.body.classList.add("js-enabled", "govuk-frontend-supported");

const { initAll } = await import("./vendor/govuk-frontend/govuk-frontend.min.js");
initAll();
