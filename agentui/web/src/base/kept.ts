import { type Signal, signal } from "@preact/signals";
import { ofTab } from "./storage";

const fields = new Map<string, Signal<string>>();

/** keptText is a text field's value that survives a reload of this tab. */
export function keptText(name: string): Signal<string> {
  const key = `ringmaster.field.${name}`;
  let field = fields.get(key);
  if (!field) {
    field = signal(ofTab.get(key) ?? "");
    fields.set(key, field);
    field.subscribe((value) => (value === "" ? ofTab.remove(key) : ofTab.set(key, value)));
  }
  return field;
}
