/**
 * What has to outlive the page. Where the browser keeps nothing (storage
 * refused or full) the value lives as long as the page: the server's drafts
 * are the second line.
 */
export interface Store {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  remove(key: string): void;
  /** keys that start with the prefix, sorted. */
  keys(prefix: string): string[];
}

/** storeOn keeps values in a browser's storage; `of` may throw, as browsers do. */
export function storeOn(of: () => Storage): Store {
  const memory = new Map<string, string>();
  const attempt = <T>(f: (s: Storage) => T): T | undefined => {
    try {
      return f(of());
    } catch {
      return undefined;
    }
  };
  return {
    get: (key) => memory.get(key) ?? attempt((s) => s.getItem(key)) ?? undefined,
    set(key, value) {
      memory.delete(key);
      const kept = attempt((s) => {
        s.setItem(key, value);
        return true;
      });
      if (!kept) memory.set(key, value);
    },
    remove(key) {
      memory.delete(key);
      attempt((s) => s.removeItem(key));
    },
    keys(prefix) {
      const all = new Set(memory.keys());
      attempt((s) => {
        for (let i = 0; i < s.length; i++) all.add(s.key(i) ?? "");
      });
      return [...all].filter((key) => key.startsWith(prefix)).sort();
    },
  };
}

/** shared is seen by every tab and outlives the browser. */
export const shared = storeOn(() => localStorage);

/** ofTab is seen by this tab only and outlives its reload. */
export const ofTab = storeOn(() => sessionStorage);
