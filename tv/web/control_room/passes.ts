// The passes in use: whose they are, when they were last seen, and taking one back.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Asking } from "../asking";
import * as clock from "../clock";
import { ago, count, seconds } from "../french";
import type { Lab } from "../lab_items";
import { page } from "../page";
import { Sheet } from "../parts/sheet";
import { announce } from "../parts/text";
import type { Instant } from "../protocol";
import type { Requests } from "../requests";

const PASSES = "/api/v1/passes";
const LOOKING = 5; // seconds between two looks
const SHOWN = 8; // the others are folded away
const TODAY = 20 * 3600; // seconds for which the hour says enough

const ROLES: Record<string, string> = {
  viewer: "Spectateur",
  kiosk: "Tablette de table",
  screen: "Écran",
  host: "Hôte de table",
  presenter: "Intervenant",
  moderator: "Modération",
  operator: "Régie",
  admin: "Administration",
  node: "Autre machine",
};

/** As `GET /api/v1/passes` tells it. */
interface Pass {
  id: string;
  role: string;
  name: string;
  talk: string;
  lab: string;
  table: string; // "labo-1.3"
  issued_at: Instant | null;
  expires_at: Instant;
  renewed: boolean;
  seen_at: Instant | null;
  own: boolean;
}

export class PassesDesk {
  private readonly told: Asking<{ items: Pass[] }>;
  private readonly sheet = new Sheet("take-back");
  private gone = new Set<string>(); // taken back here; the next look leaves them out

  constructor(
    private readonly requests: Requests,
    private readonly changed: () => void,
  ) {
    this.told = new Asking(LOOKING, changed);
  }

  /** `shown`: somebody looks at the post; `role` is that of who looks. */
  render(shown: boolean, role: string, labs: Lab[]) {
    const items = this.told.of(shown ? PASSES : "")?.items.filter(({ id }) => !this.gone.has(id));
    if (!items) return nothing;
    const card = (pass: Pass) => this.card(pass, role, labs);
    const more = items.slice(SHOWN);
    return html`<ul class="passes">
        ${repeat(items.slice(0, SHOWN), ({ id }) => id, card)}
      </ul>
      ${
        more.length
          ? html`<details class="past">
              <summary>${count(more.length, "autre laissez-passer", "autres laissez-passer")}</summary>
              <ul class="passes">
                ${repeat(more, ({ id }) => id, card)}
              </ul>
            </details>`
          : nothing
      }
      <p class="note">
        Un laissez-passer paraît ici dès qu’il sert. Pour en faire un autre\u00a0:
        <code>fabrique-tv pass</code>.
      </p>`;
  }

  private card(pass: Pass, role: string, labs: Lab[]) {
    const facts = [
      pass.name ? (ROLES[pass.role] ?? pass.role) : "",
      place(pass, labs),
      pass.seen_at ? `vu ${when(pass.seen_at)}` : "jamais vu",
      pass.issued_at ? `fait le ${date(pass.issued_at)}` : "",
      pass.renewed ? "prolongé tant qu’il sert" : `jusqu’au ${date(pass.expires_at)}`,
    ].filter(Boolean);
    const mine = pass.role !== "admin" || role === "admin";
    return html`<li class="pass">
      <div class="restream-words">
        <p class="restream-name">
          <strong>${title(pass)}</strong>
          ${pass.own ? html`<span class="chip">Le vôtre</span>` : nothing}
        </p>
        <p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}</p>
      </div>
      ${
        mine && !pass.own
          ? html`<button
              class="quiet"
              aria-label="Retirer le laissez-passer\u00a0: ${[title(pass), ...facts].join(", ")}"
              @click=${() => this.ask(pass, labs)}
            >
              Retirer…
            </button>`
          : nothing
      }
    </li>`;
  }

  private ask(pass: Pass, labs: Lab[]): void {
    const where = place(pass, labs);
    this.sheet.draw(
      "Retirer ce laissez-passer\u202f?",
      html`<div class="composer">
        <p>
          <strong>${title(pass)}</strong>${where ? `, ${where}` : ""}. Il n’ouvrira plus rien, et les
          pages ouvertes avec lui perdent son rôle tout de suite. Pour le rendre, il faudra en faire
          un autre.
        </p>
        <div class="acts">
          <button class="primary" @click=${() => void this.remove(pass)}>Retirer</button>
          <button class="quiet" @click=${() => this.sheet.close()}>Annuler</button>
        </div>
      </div>`,
    );
    this.sheet.open();
    this.sheet.find(".quiet")?.focus();
  }

  private async remove(pass: Pass): Promise<void> {
    this.sheet.close();
    const path = `${PASSES}/${pass.id}`;
    if (!(await this.requests.send(`pass:${pass.id}`, "DELETE", path))) return;
    this.gone.add(pass.id);
    this.changed();
    document.querySelector<HTMLElement>("#passes-title")?.focus();
    announce(`Laissez-passer retiré\u00a0: ${title(pass)}.`);
  }
}

function title({ name, role }: Pass): string {
  return name || (ROLES[role] ?? role);
}

/** The table, laboratory or talk to which a pass is limited, in words. */
function place({ table, lab, talk }: Pass, labs: Lab[]): string {
  const name = labs.find(({ id }) => id === lab)?.name ?? lab;
  if (table) return `table ${table.split(".").pop()}, ${name}`;
  return name || (talk ? "une intervention" : "");
}

function when(instant: Instant): string {
  const now = clock.now();
  return now - (seconds(instant) ?? 0) < TODAY ? ago(instant, now) : `le ${date(instant)}`;
}

let dates: Intl.DateTimeFormat | undefined;

/** « 10 décembre » */
function date(instant: Instant): string {
  dates ??= new Intl.DateTimeFormat("fr", { day: "numeric", month: "long", timeZone: page.zone });
  return dates.format((seconds(instant) ?? 0) * 1000);
}
