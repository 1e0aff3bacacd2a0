// How the picture comes, and why not otherwise: said quietly, to the eye and to screen readers.

import type { PlayerState } from "../player/player";
import type { PathName } from "../player/path";
import type { Why } from "../player/why";

const PATHS: Record<PathName, string> = {
  webrtc: "Image par WebRTC, au plus près du plateau.",
  delayed: "Image par WebRTC, différée pour que les mots viennent avec la voix.",
  hls: "Image par LL-HLS, deux secondes environ après le plateau.",
  sync: "Image par HLS, différée pour que les mots viennent avec la voix.",
  rewind: "Image de plus tôt dans l’intervention.",
};

const AGAIN = "Le retour se fera tout seul.";
const REASONS: Record<Exclude<Why, "">, string> = {
  unsupported: "Ce navigateur n’a pas WebRTC.",
  codec: "Ce navigateur ne lit pas la vidéo H.264 par WebRTC.",
  picture: `WebRTC ne peut pas porter cette image (images B). ${AGAIN}`,
  full: `Toutes les places en WebRTC sont prises. ${AGAIN}`,
  network: `Rien n’arrive par WebRTC sur ce réseau. ${AGAIN}`,
  unsteady: `L’image s’est figée en WebRTC. ${AGAIN}`,
  away: `WebRTC n’est pas disponible en ce moment. ${AGAIN}`,
};

/** How the picture comes now; "" while there is none. */
export function reception({ path, why }: PlayerState): string {
  if (!path) return "";
  return path === "hls" && why ? `${PATHS.hls} ${REASONS[why]}` : PATHS[path];
}

/** What a screen reader is told: that the picture is missing, and another way that it took. */
export class Told {
  private path: PathName | null = null;
  private text = "";

  of(state: PlayerState): string {
    if (!state.path) return "Connexion au direct…";
    if (state.trouble) return "Le direct se rétablit…";
    if (state.path !== this.path) {
      this.text = this.path ? reception(state) : ""; // how it came at first is no news
      this.path = state.path;
    }
    return this.text;
  }
}
