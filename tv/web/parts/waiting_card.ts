// What a screen shows while there is nothing else: where one is, what comes next, how to take part.

import { html, nothing } from "lit";
import * as clock from "../clock";
import { hour, seconds } from "../french";
import { t } from "../language";
import type { Talk } from "../protocol";
import { CREW, ranked } from "../talks";
import { typeset } from "./text";

export interface Join {
  address: string; // as people type it
  code: string; // the same as a QR code, an image's address
}

export function waitingCard(event: string, join: Join | undefined, talks: Talk[], channel: string) {
  return html`<p class="screen-event">${typeset(event)}</p>
    ${next(ranked(talks, channel, CREW)[0])} ${join ? invitation(join, t("Suivre et participer")) : nothing}
    <p class="screen-clock"><span class="visually-hidden">${t("Il est")}</span> ${hour(clock.now())}</p>`;
}

export function invitation({ address, code }: Join, call: string) {
  return html`<div class="wall-invitation">
    <img src=${code} alt="" />
    <div>
      <p class="wall-call">${call}</p>
      <p class="wall-address">${address}</p>
    </div>
  </div>`;
}

function next(talk: Talk | undefined) {
  if (!talk || talk.standing) return nothing;
  const planned = seconds(talk.planned_start);
  const comes = talk.state === "scheduled" && planned != null;
  if (!comes && talk.state !== "live") return nothing;
  return html`<div class="screen-next">
    <p class="eyebrow">
      ${talk.state === "live" ? t("En ce moment") : t("À suivre, à {hour}", { hour: hour(planned) })}
    </p>
    <p class="screen-talk">${typeset(talk.title)}</p>
    ${talk.speakers.length ? html`<p class="screen-speakers">${talk.speakers.join(", ")}</p>` : nothing}
  </div>`;
}
