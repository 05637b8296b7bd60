interface Field {
  name: string;
  optional: boolean;
  type: string;
}

/** Shapes checks values against the interfaces of the generated source. */
export class Shapes {
  private readonly interfaces = new Map<string, Field[]>();
  private readonly aliases = new Map<string, string>();

  constructor(source: string) {
    const code = source.replace(/\/\*\*[^]*?\*\//g, "");
    for (const m of code.matchAll(/export interface (\w+) \{\n([^]*?)\n\}/g)) {
      const fields = [...m[2]!.matchAll(/^\s*"?([\w.]+)"?(\??): (.+);$/gm)];
      this.interfaces.set(
        m[1]!,
        fields.map((f) => ({ name: f[1]!, optional: f[2] === "?", type: f[3]! })),
      );
    }
    for (const m of code.matchAll(/export type (\w+) = (.+);/g)) this.aliases.set(m[1]!, m[2]!);
  }

  /** member gives the type of a field of an interface. */
  member(of: string, name: string): string {
    const field = this.interfaces.get(of)?.find((f) => f.name === name);
    if (!field) throw new Error(`${of} has no ${name}`);
    return field.type;
  }

  /** check tells every difference between the value and the type. */
  check(type: string, value: unknown, at = "", name = type): string[] {
    const here = at ? `${at}: ` : "";
    const wrong = (what: string) => [`${here}${JSON.stringify(value)} ${what}`];
    if (type.endsWith("[]")) {
      if (!Array.isArray(value)) return wrong("is no array");
      return value.flatMap((v, i) => this.check(type.slice(0, -2), v, `${at}[${i}]`));
    }
    const record = /^(?:Partial<)?Record<(\w+), (\w+)>>?$/.exec(type);
    const fields = record ? [] : this.interfaces.get(type);
    if (record || fields) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong("is no object");
      const entries = Object.entries(value);
      if (record) {
        if (record[2] === "never") return entries.map(([k]) => `${k} is not in ${name}`);
        return entries.flatMap(([k, v]) => [...this.check(record[1]!, k, at), ...this.check(record[2]!, v, join(at, k))]);
      }
      const missing = fields!.filter((f) => !f.optional && !(f.name in value)).map((f) => `${join(at, f.name)} is missing`);
      const found = entries.flatMap(([k, v]) => {
        const field = fields!.find((f) => f.name === k);
        return field ? this.check(field.type, v, join(at, k)) : [`${join(at, k)} is not in ${type}`];
      });
      return [...missing, ...found];
    }
    const alias = this.aliases.get(type);
    if (alias) return this.check(alias, value, at, type);
    if (type.includes('"')) {
      // An open set of words also takes others.
      const fits = type.includes("(string & {})") ? typeof value === "string" : type.split(" | ").includes(JSON.stringify(value));
      return fits ? [] : wrong(`is none of ${name}`);
    }
    if (type === "unknown") return [];
    return typeof value === type ? [] : wrong(`is no ${type}`);
  }
}

function join(at: string, name: string): string {
  return at ? `${at}.${name}` : name;
}
