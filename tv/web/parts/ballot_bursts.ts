// Ballots of new devices that came together: the crew sets them aside, or counts them again.

import { html, nothing } from "lit";
import { count } from "../french";
import type { Burst, Poll } from "../protocol";
import { button, type Doing } from "./button";

export function bursts(poll: Poll, doing: Doing<Poll>) {
  if (!poll.bursts?.length) return nothing;
  const may = poll.state === "open" || poll.state === "closed";
  return html`<ul class="bursts">
    ${poll.bursts.map(
      (burst) =>
        html`<li>
          <p class="note flag">${told(burst)}</p>
          ${may ? press(poll, burst, doing) : nothing}
        </li>`,
    )}
  </ul>`;
}

function press(poll: Poll, { network, aside }: Burst, doing: Doing<Poll>) {
  const body = { burst: network, round: poll.round };
  return aside
    ? button("Les compter", "quiet", poll, doing, "count", body)
    : button("Mettre de côté", "quiet", poll, doing, "set_aside", body);
}

function told({ network, ballots, aside }: Burst) {
  const from = network === "*" ? "de plusieurs réseaux" : `du réseau\u00a0${network || "inconnu"}`;
  return `${count(ballots, "bulletin", "bulletins")} d’appareils arrivés ensemble, ${from}${
    aside ? "\u00a0: mis de côté" : ""
  }`;
}
