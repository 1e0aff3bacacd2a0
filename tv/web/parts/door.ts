// What people without the right pass read instead of a crew's page.

import { html, nothing } from "lit";

const PASSES: Record<string, string> = {
  Régie: "operator",
  Laboratoires: "operator",
  "Modération du mur": "moderator",
  "Animation de la table": "host",
};

/** `trouble` is what the server said about the pass they came with. */
export function closedDoor(place: string, trouble: string, role: string) {
  return html`<div class="closed-door">
    <p class="eyebrow">${place}</p>
    <h1>${trouble ? "Ce lien ne fonctionne plus" : "Cette page s’ouvre avec un lien personnel"}</h1>
    ${trouble ? html`<p class="trouble">${trouble}</p>` : nothing}
    <p>
      La personne qui organise le direct vous a envoyé un lien qui contient votre laissez-passer.
      Ouvrez-le sur cet appareil\u00a0: il suffit d’une fois.
    </p>
    ${
      role && role !== "viewer"
        ? html`<p class="note">Votre laissez-passer actuel ne donne pas accès à cette page.</p>`
        : nothing
    }
    <p>
      Pour en créer un, sur le serveur\u00a0:
      <code>fabrique-tv pass ${PASSES[place] ?? "presenter"}</code>
    </p>
    <p><a class="primary" href="/">Regarder le direct</a></p>
  </div>`;
}
