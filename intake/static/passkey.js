// Asks the browser for a passkey, and sends what it answers with the form.
const form = document.querySelector("[data-passkey]");
const failed = form.querySelector("[data-passkey-failed]");
const making = form.dataset.passkey === "create";
const read = window.PublicKeyCredential && (making
  ? PublicKeyCredential.parseCreationOptionsFromJSON
  : PublicKeyCredential.parseRequestOptionsFromJSON);

if (read) {
  form.hidden = false;
  document.querySelector("[data-passkey-none]")?.remove();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      const publicKey = read.call(PublicKeyCredential, JSON.parse(form.dataset.options));
      const key = await (making ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
      form.elements.passkey.value = JSON.stringify(key.toJSON());
      form.submit();
    } catch {
      failed.hidden = false; // refused, or the wrong key
    }
  });
}
