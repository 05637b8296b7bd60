import type { Store } from "../base/storage";
import type { CommandName, Commands } from "../protocol.gen";
import { ulid } from "./ulid";

/** A command that must not be lost; its frame is the same whenever it is sent. */
export interface Kept<K extends CommandName = CommandName> {
  id: string;
  t: K;
  d: Commands[K];
}

/**
 * Outbox keeps commands until they are answered, beyond a reload. Each has a
 * key of its own, so that two tabs do not overwrite one another; their ids make
 * it harmless that both send them.
 */
export class Outbox {
  private prefix = "";

  constructor(private readonly store: Store) {}

  /** open chooses whose commands these are; nobody's are kept before that. */
  open(userID: number): void {
    this.prefix = `ringmaster.outbox.${userID}.`;
  }

  add<K extends CommandName>(t: K, d: Commands[K]): Kept<K> {
    if (this.prefix === "") throw new Error("the outbox is not open");
    const kept = { id: ulid(), t, d };
    this.store.set(this.prefix + kept.id, JSON.stringify(kept));
    return kept;
  }

  get(id: string): Kept | undefined {
    return this.read(this.prefix + id);
  }

  /** remove gives false where the command is gone already. */
  remove(id: string): boolean {
    if (this.get(id) === undefined) return false;
    this.store.remove(this.prefix + id);
    return true;
  }

  /** list gives what waits, oldest first. */
  list(): Kept[] {
    if (this.prefix === "") return [];
    return this.store.keys(this.prefix).flatMap((key) => this.read(key) ?? []);
  }

  private read(key: string): Kept | undefined {
    try {
      return JSON.parse(this.store.get(key) ?? "null") ?? undefined;
    } catch {
      this.store.remove(key);
      return undefined;
    }
  }
}
