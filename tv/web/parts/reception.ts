// How the picture comes, and why not otherwise: said quietly, to the eye and to screen readers.

import { t } from "../language";
import type { PlayerState } from "../player/player";
import type { PathName } from "../player/path";
import type { Why } from "../player/why";

const PATHS: Record<PathName, string> = {
  webrtc: t("Image par WebRTC, au plus près du plateau."),
  delayed: t("Image par WebRTC, différée pour que les mots viennent avec la voix."),
  hls: t("Image par LL-HLS, deux secondes environ après le plateau."),
  sync: t("Image par HLS, différée pour que les mots viennent avec la voix."),
  native: t("Image par HLS, dans le lecteur de cet appareil, dix secondes environ après le plateau."),
  sound: t("Le son seul, deux secondes environ après le plateau."),
  "sync-sound": t("Le son seul, différé pour que les mots viennent avec la voix."),
  rewind: t("Image de plus tôt dans l’intervention."),
};

const AGAIN = ` ${t("Le retour se fera tout seul.")}`;
const REASONS: Record<Exclude<Why, "">, string> = {
  unsupported: t("Ce navigateur n’a pas WebRTC."),
  codec: t("Ce navigateur ne lit pas la vidéo H.264 par WebRTC."),
  picture: t("WebRTC ne peut pas porter cette image (images B).") + AGAIN,
  full: t("Toutes les places en WebRTC sont prises.") + AGAIN,
  network: t("Rien n’arrive par WebRTC sur ce réseau.") + AGAIN,
  unsteady: t("L’image s’est figée en WebRTC.") + AGAIN,
  away: t("WebRTC n’est pas disponible en ce moment.") + AGAIN,
};

/** How the picture comes now; "" while there is none. */
export function reception({ path, why }: PlayerState): string {
  if (!path) return "";
  return (path === "hls" || path === "native") && why ? `${PATHS[path]} ${REASONS[why]}` : PATHS[path];
}

/** What a screen reader is told: that the picture is missing, and another way that it took. */
export class Told {
  private path: PathName | null = null;
  private text = "";

  of(state: PlayerState): string {
    if (!state.path) return t("Connexion au direct…");
    if (state.trouble) return t("Le direct se rétablit…");
    if (state.path !== this.path) {
      this.text = this.path ? reception(state) : ""; // how it came at first is no news
      this.path = state.path;
    }
    return this.text;
  }
}
