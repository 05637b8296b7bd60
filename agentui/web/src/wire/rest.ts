import type { Trouble } from "./socket";

/** What a request brought: the answer's body or the problem. */
export type Got<T> = { ok: true; d: T } | { ok: false; problem: Trouble };

/**
 * request asks the API as the signed-in person: the browser sends the session's
 * cookie. It never throws; a request that was given up is a problem, too.
 */
export async function request<T>(method: "GET" | "POST", path: string, body?: object, signal?: AbortSignal): Promise<Got<T>> {
  const limit = AbortSignal.timeout(20_000);
  try {
    const response = await fetch(path, {
      method,
      headers: body && { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const d: unknown = await response.json();
    return response.ok ? { ok: true, d: d as T } : { ok: false, problem: d as Trouble };
  } catch {
    return { ok: false, problem: { title: "The server cannot be reached. Try again in a moment." } };
  }
}
