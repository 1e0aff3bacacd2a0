// When captions are painted, and who wrote them. Pure.

import { t } from "../language";
import type { Arrived } from "../player/captions";
import type { PathName } from "../player/path";

const MISSED = 1; // seconds from which cues would be over before they are here

/** Whether this picture, or sound, waits for its words. */
export function waits(path: PathName | null): boolean {
  return path === "native" || path === "delayed" || path === "sync" || path === "sync-sound";
}

/** Whether cues are painted while they are heard; words that come too late for it are not lost. */
export function paintsInStep(path: PathName | null, late: number | null): boolean {
  return path === "rewind" || (waits(path) && (late ?? 0) < MISSED);
}

/** Who wrote the words that are on screen. */
export function written(cues: Arrived[], by: "machine" | "person"): string {
  if (by === "person") return t("Sous-titres écrits en direct par une personne.");
  return cues.slice(-20).some(({ cue }) => cue.corrected)
    ? t("Sous-titres automatiques, corrigés en direct.")
    : t("Sous-titres automatiques, non relus.");
}
