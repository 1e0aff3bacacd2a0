// What a screen may show, as the crew chooses it.

import type { Screen } from "../protocol";

type Face = Screen["face"];

const FACES: [face: Face, name: string, what: string][] = [
  ["live", "Le direct", "L’image du plateau, avec ses sous-titres"],
  ["air", "Le conducteur seul", "Questions, sondages et annonces, sans l’image"],
  ["wall", "Le mur", "Les messages du public, à tour de rôle"],
  ["lab", "Un laboratoire", "Son tour, son temps, ses idées"],
  ["comparison", "Les laboratoires côte à côte", "Où en est chacun"],
];
const OF_LABS: Face[] = ["lab", "comparison"];

/** All of it where there are laboratories. */
export function facesFor(labs: readonly unknown[]) {
  return FACES.filter(([face]) => labs.length || !OF_LABS.includes(face));
}
