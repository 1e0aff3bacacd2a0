// « Signaler »: the button beside whatever shows. What it opens is loaded when somebody presses it.

import { html } from "lit";
import { t } from "../language";
import * as icons from "./icons";
import { asked, dressed } from "./later";

/** What can be reported. `text` is what one reads of it, "" for a picture alone. */
export interface Reported {
  about: "question" | "post" | "idea" | "synthesis" | "comment";
  id: string;
  text: string;
}

export function alertButton(reported: Reported) {
  const name = t("Signaler\u00a0: {text}", { text: reported.text || t("une image") });
  return html`<button
    type="button"
    class="alert-button"
    aria-label=${name}
    title=${t("Signaler")}
    aria-haspopup="dialog"
    @click=${() => void open(reported)}
  >
    ${icons.flag}
  </button>`;
}

async function open(reported: Reported): Promise<void> {
  (await asked(() => dressed(import("./alert_dialog"))))?.report(reported);
}
