// How the ideas of a table lie on it: those of this round, those said before, or by their groups.

import { seconds } from "../french";
import type { Cafe, Cluster, Idea, Progress } from "../lab_items";

export interface Section {
  key: string;
  title: string;
  group: boolean; // named by the host
  ideas: Idea[];
}

/** The round in which an idea came to a table: made there, or carried there. */
export function roundAt({ table: made, round, stops }: Idea, table: string): number {
  return stops.findLast((stop) => stop.table === table)?.round ?? (made === table ? round : 0);
}

/**
 * What lies on `table`. During the rounds: this one's ideas, then those said there before. When the
 * table gathers its ideas, and afterwards: by group, as soon as there is one.
 *
 * In the order in which they came, so that nothing moves under a finger; empty sections are left
 * out, but for that of the round under way.
 */
export function sections(
  ideas: Idea[],
  clusters: Cluster[],
  table: string,
  { step, round }: Progress,
  { state }: Cafe,
): Section[] {
  const gathered = state === "closed" || step === "gathering";
  const lying = [...ideas].sort((a, b) => (seconds(a.made_at) ?? 0) - (seconds(b.made_at) ?? 0));
  if (gathered && clusters.length) return byGroup(lying, clusters);
  const of = (at: number) => lying.filter((idea) => roundAt(idea, table) === at);
  const found: Section[] = [];
  for (let at = round; at > 0; at -= 1) {
    const now = at === round && !gathered;
    const title = now ? "Dans ce tour" : gathered ? `Tour ${at}` : `Dit ici au tour ${at}`;
    const here = of(at);
    if (now || here.length) found.push({ key: `round-${at}`, title, group: false, ideas: here });
  }
  return found;
}

function byGroup(ideas: Idea[], clusters: Cluster[]): Section[] {
  const ids = new Set(clusters.map(({ id }) => id));
  const groups = clusters.map(({ id, name }) => ({
    key: id,
    title: name,
    group: true,
    ideas: ideas.filter(({ clusters: in_ }) => in_.includes(id)),
  }));
  const loose = ideas.filter(({ clusters: in_ }) => !in_.some((id) => ids.has(id)));
  const rest = { key: "loose", title: "Pas encore groupées", group: false, ideas: loose };
  return [...groups, rest].filter((section) => section.ideas.length);
}
