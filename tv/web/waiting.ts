// Waiting between tries: full jitter, so that two thousand pages never come back at once.

/** Seconds to wait before try number `attempt` (0, 1, …). */
export function jitter(attempt: number, base = 0.5, cap = 30): number {
  return Math.random() * Math.min(cap, base * 2 ** attempt);
}

export function pause(seconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, seconds * 1000));
}
