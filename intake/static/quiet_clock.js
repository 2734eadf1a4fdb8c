// Asks somebody quiet before the pages close; when they do, sends what was typed to be kept, and clears the screen.
// The clock is the server's, and all windows share it. `typed` returns the form to keep, if there is one; `isHere` tells
// whether somebody is busy on this page though nothing was sent.
export function watch({ root, seconds, typed, isHere = () => false }) {
  const dialog = root.querySelector("dialog");
  const { address, over, token } = root.dataset;
  const warning = root.dataset.warning * 1000;
  let end = Date.now() + seconds * 1000;
  let asking = false;
  let closing = false;

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
    const form = typed();
    if (!form?.isConnected) return location.replace(over);
    form.dispatchEvent(new Event("submit")); // an editor writes its text into the form
    const keep = document.createElement("input");
    Object.assign(keep, { type: "hidden", name: "keep", value: "yes" });
    form.append(keep);
    form.submit();
  }

  async function look() {
    if (asking || closing || left() > warning) return;
    asking = true;
    if (!dialog.open) {
      await ask(isHere(warning) ? "POST" : "GET");
      if (left() > 0 && left() <= warning) dialog.showModal();
    }
    if (left() <= 0) {
      await ask("GET");
      if (left() <= 0) close();
    }
    asking = false;
  }

  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", async () => {
    await ask("POST");
    look();
  });
  document.addEventListener("visibilitychange", look);
  setInterval(look, 1000);
}
