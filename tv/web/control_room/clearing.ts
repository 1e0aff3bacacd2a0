// « Vider les écrans », always in sight: one press takes everything off, another brings it back.

import { html, nothing } from "lit";
import type { Air } from "../protocol";
import type { Requests } from "../requests";

/** `onAir` says whether there is anything to clear that came since. */
export function clearing(air: Air | undefined, onAir: boolean, requests: Requests) {
  // Clearing waits for nothing, not even for what brings them back.
  const send = (verb: "clear" | "restore") => () =>
    void requests.send(`screens:${verb}`, "POST", `/api/v1/screens:${verb}`);
  const cleared = air?.cleared ?? false;
  return html`${
      cleared
        ? html`<p role="status">Les écrans sont vides.</p>
            <button class="primary" @click=${send("restore")}>Rétablir</button>`
        : nothing
    }
    ${
      cleared && !onAir
        ? nothing
        : html`<button class="panic" @click=${send("clear")}>Vider les écrans</button>`
    }`;
}
