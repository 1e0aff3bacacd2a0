// Whether screens are to be dark now: between two hours of the event's own time zone. Pure.

export interface Night {
  off: string; // "22:00"
  on: string; // "07:30"
}

/** `now` in UTC seconds; `zone` such as "Europe/Paris". */
export function isNight(now: number, { off, on }: Night, zone?: string): boolean {
  const time = minutes(
    new Date(1000 * now).toLocaleTimeString("fr-FR", {
      timeZone: zone,
      hour: "2-digit",
      minute: "2-digit",
    }),
  );
  const [from, until] = [minutes(off), minutes(on)];
  return from <= until ? from <= time && time < until : from <= time || time < until;
}

function minutes(hour: string): number {
  const [hours = 0, rest = 0] = hour.split(":").map(Number);
  return 60 * hours + rest;
}
