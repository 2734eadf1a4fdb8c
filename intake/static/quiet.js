// A patient who is quiet: the answers of this page are kept, and the pages close.
import { watch } from "./quiet_clock.js";

const root = document.querySelector("[data-quiet]");
watch({ root, seconds: root.dataset.quiet, typed: () => document.getElementById("answers") });
