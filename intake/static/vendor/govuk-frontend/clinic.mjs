// The components that the pages use. Bundled by script/vendor to govuk-frontend.min.js beside this file.
import {
  Button, CharacterCount, Checkboxes, createAll, ErrorSummary, NotificationBanner, PasswordInput, Radios, SkipLink, version,
} from "govuk-frontend";

export { version };

export function initAll() {
  for (const component of [
    Button, CharacterCount, Checkboxes, ErrorSummary, NotificationBanner, PasswordInput, Radios, SkipLink,
  ]) {
    createAll(component);
  }
}
