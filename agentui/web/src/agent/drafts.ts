import type { Store } from "../base/storage";
import type { CallView, DispositionChoice } from "../protocol.gen";
import type { Asked, Promised } from "./promises";

/** An unfinished result. It is also the body of call.draft. */
export interface Draft extends Promised {
  disposition: string;
  reason: string;
  notes: string;
  /** callback is the wall clock at the customer's, as 2026-11-24T10:00. */
  callback: string;
  personal: boolean;
  /** at is when it was last changed, in ms of the server's clock; zero: never. */
  at: number;
}

/** What the result form needs of its call; it outlives the call's snapshot. */
export interface Work extends Asked {
  call_id: string;
  name: string;
  number: string;
  campaign: string;
  choices: DispositionChoice[];
  /** zone of the customer. */
  zone: string;
}

interface Stored {
  draft: Draft;
  work: Work;
  /** given: this very draft was accepted as the result. */
  given?: boolean;
}

const empty: Draft = {
  disposition: "",
  reason: "",
  notes: "",
  callback: "",
  personal: false,
  confirmed: [],
  accepted: false,
  discount: "",
  at: 0,
};

/** The server takes drafts of up to 32 KiB; longer ones stay in the browser. */
const serverLimit = 32_000;
const maxAge = 7 * 86_400_000;

export interface DraftsOptions {
  store: Store;
  /** now in ms of the server's clock. */
  now: () => number;
  /** send puts a draft on the server and gives false where that failed. */
  send: (callID: string, draft: Draft) => Promise<boolean>;
  /** delay between a change and its sending, in ms. */
  delay?: number;
}

/**
 * Drafts keeps unfinished results: in the browser with each key press, on the
 * server soon after. One send is under way at a time, and the newest wins.
 */
export class Drafts {
  private prefix = "";
  private readonly unsent = new Map<string, Draft>();
  private sending = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: DraftsOptions) {}

  /** open chooses whose drafts these are, and forgets very old ones. */
  open(userID: number): void {
    this.prefix = `ringmaster.draft.${userID}.`;
    for (const key of this.options.store.keys(this.prefix)) {
      const kept = this.read(key);
      if (!kept || this.options.now() - kept.draft.at > maxAge) this.options.store.remove(key);
    }
  }

  /** find gives the newer of the browser's and the server's draft of a call. */
  find(call: Pick<CallView, "call_id" | "draft">): { draft: Draft; given: boolean } {
    const here = this.read(this.prefix + call.call_id);
    const there = draftOf(call.draft);
    if (here && here.draft.at >= there.at) return { draft: here.draft, given: here.given ?? false };
    return { draft: there, given: false };
  }

  /** change keeps the draft here at once and sends it soon. */
  change(work: Work, draft: Draft): void {
    this.write({ work, draft });
    this.unsent.set(work.call_id, draft);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), this.options.delay ?? 400);
  }

  /** flush sends what is not on the server yet; it ends when that is done or has failed. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    if (this.sending) return;
    this.sending = true;
    for (let entry = this.first(); entry; entry = this.first()) {
      const [callID, draft] = entry;
      const big = new TextEncoder().encode(JSON.stringify(draft)).length > serverLimit;
      if (!big && !(await this.options.send(callID, draft))) break;
      if (this.unsent.get(callID) === draft) this.unsent.delete(callID);
    }
    this.sending = false;
  }

  private first(): [string, Draft] | undefined {
    return this.unsent.entries().next().value;
  }

  /** given notes that the draft was accepted while the call goes on. */
  given(callID: string): void {
    const kept = this.read(this.prefix + callID);
    if (kept) this.write({ ...kept, given: true });
    this.unsent.delete(callID);
  }

  /** forget removes a draft that is committed, or not wanted. */
  forget(callID: string): void {
    this.unsent.delete(callID);
    this.options.store.remove(this.prefix + callID);
  }

  /** settle forgets the drafts that became results, except for the present call's. */
  settle(presentCallID: string | undefined): void {
    for (const kept of this.all()) {
      if (kept.given && kept.work.call_id !== presentCallID) this.forget(kept.work.call_id);
    }
  }

  /** unfinished gives the calls whose draft never became a result. */
  unfinished(presentCallID: string | undefined): { work: Work; draft: Draft }[] {
    return this.all().filter(
      ({ work, draft, given }) => work.call_id !== presentCallID && !given && (draft.notes !== "" || draft.disposition !== "" || draft.confirmed.length > 0),
    );
  }

  private all(): Stored[] {
    if (this.prefix === "") return [];
    return this.options.store.keys(this.prefix).flatMap((key) => this.read(key) ?? []);
  }

  private read(key: string): Stored | undefined {
    try {
      const kept = JSON.parse(this.options.store.get(key) ?? "null") as Stored | null;
      return kept?.work?.call_id ? { ...kept, draft: draftOf(kept.draft) } : undefined;
    } catch {
      return undefined;
    }
  }

  private write(kept: Stored): void {
    this.options.store.set(this.prefix + kept.work.call_id, JSON.stringify(kept));
  }
}

/** draftOf reads what may be a draft of an older or another screen. */
export function draftOf(body: unknown): Draft {
  const b = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (v: unknown) => (typeof v === "string" ? v : "");
  return {
    ...empty,
    disposition: text(b.disposition),
    reason: text(b.reason),
    notes: text(b.notes),
    callback: text(b.callback),
    personal: b.personal === true,
    confirmed: Array.isArray(b.confirmed) ? b.confirmed.filter((c) => typeof c === "string") : [],
    accepted: b.accepted === true,
    discount: text(b.discount),
    at: typeof b.at === "number" ? b.at : 0,
  };
}
