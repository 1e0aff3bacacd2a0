// What the two rhythms of captions mean here and now, by what this page has measured. Pure.

import { decimal } from "../french";
import { t } from "../language";

const IN_TIME = 0.3; // seconds that a word may be late and still be with the voice

export interface Rhythm {
  synchronised: boolean;
  text: string;
  detail: string;
}

/**
 * `inStep`: the picture that is shown waits for its words. `late`: seconds for which words come
 * after the voice on it, `behind`: seconds that it is behind the studio; null and -1: not known.
 */
export function rhythms(
  synchronised: boolean,
  inStep: boolean,
  late: number | null,
  behind: number,
): Rhythm[] {
  return [
    { synchronised: false, text: t("Au plus vite"), detail: soonest(inStep ? null : late) },
    { synchronised: true, text: t("Synchronisés"), detail: together(synchronised, inStep, late, behind) },
  ];
}

function soonest(late: number | null): string {
  const words = late == null ? t("quelques secondes") : `${decimal(Math.max(0, late))}\u00a0s`;
  return t("l’image d’abord, les mots {time} après", { time: words });
}

function together(wanted: boolean, inStep: boolean, late: number | null, behind: number): string {
  if (!wanted) return t("l’image attend quelques secondes, les mots viennent avec la voix");
  if (!inStep) return t("pas encore\u00a0: l’image qui attend les mots n’est pas là");
  const wait = behind < 0 ? t("quelques secondes") : `${Math.round(behind)}\u00a0s`;
  if (late == null || late <= IN_TIME) {
    return t("l’image attend {wait}, les mots viennent avec la voix", { wait });
  }
  return t("l’image attend {wait}, et les mots viennent encore {late}\u00a0s après la voix", {
    wait,
    late: decimal(late),
  });
}
