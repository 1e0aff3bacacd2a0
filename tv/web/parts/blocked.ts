// « Appareils bloqués »: those whose sending moderators stopped, and how they get it back.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { count, hour, seconds } from "../french";
import type { Block } from "../protocol";
import type { Requests } from "../requests";

export function blocked(blocks: Block[], requests: Requests) {
  if (!blocks.length) return nothing;
  const newest = [...blocks].sort(
    (a, b) => (seconds(b.blocked_at) ?? 0) - (seconds(a.blocked_at) ?? 0),
  );
  return html`<details class="past">
    <summary>${count(blocks.length, "appareil bloqué", "appareils bloqués")}</summary>
    <ul class="cards">
      ${repeat(
        newest,
        ({ id }) => id,
        (block) =>
          html`<li class="card settled" data-id=${block.id}>
            <p>Appareil <span class="handle">${block.device.slice(0, 4)}</span></p>
            <p class="meta">
              ${when(block)}
              <button
                class="link"
                aria-disabled=${requests.busy.has(block.device) ? "true" : nothing}
                @click=${() =>
                  requests.send(block.device, "POST", `/api/v1/devices/${block.device}:unblock`)}
              >
                Débloquer
              </button>
            </p>
          </li>`,
      )}
    </ul>
  </details>`;
}

function when({ blocked_at, name, rejected }: Block): string {
  const by = name ? ` par ${name}` : "";
  const refused = rejected ? `, ${count(rejected, "envoi refusé", "envois refusés")}` : "";
  return `Bloqué à ${hour(blocked_at)}${by}${refused}`;
}
