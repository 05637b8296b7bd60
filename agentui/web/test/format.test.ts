import { describe, expect, test } from "vitest";
import { clock, dayAndTime, explain, nameOf, percent, phone, since, timeOfDay, words } from "../src/base/format";
import { instantOf, offsetOf, validZone, wallOf } from "../src/base/time";

test("clock", () => {
  expect([0, 5, 65, 3_723, -3, Number.NaN].map(clock)).toEqual(["0:00", "0:05", "1:05", "1:02:03", "0:00", "0:00"]);
});

test("since never counts backwards and takes nothing for an answer", () => {
  const now = Date.parse("2026-11-24T15:00:00Z");
  expect(since("2026-11-24T14:59:30Z", now)).toBe(30);
  expect(since("2026-11-24T15:00:01Z", now)).toBe(0);
  expect(since(undefined, now)).toBe(0);
});

test("words, names, numbers", () => {
  expect(words("not_interested")).toBe("Not interested");
  expect(words("wrap_up")).toBe("Wrap-up");
  expect(words(undefined)).toBe("");
  expect(percent(0.0284)).toBe("2.8 %");
  expect(percent(Number.NaN, 0)).toBe("0 %");
  expect(phone("+12125550107")).toBe("+1 212 555 0107");
  expect(phone("+442079460000")).toBe("+442079460000");
  expect(nameOf({ first_name: "Luis", last_name: "Ortega", company: "X" })).toBe("Luis Ortega");
  expect(nameOf({ company: "Ortega & Sons" })).toBe("Ortega & Sons");
});

test("a problem names its field and writes times on the customer's clock", () => {
  const p = { title: "The input is wrong", field: "d.callback_at", detail: "2026-11-25T03:00:00Z is outside, next 2026-11-25T08:00:00-05:00" };
  expect(explain(p, "America/New_York")).toBe("Callback at: Tue 24 Nov, 22:00 is outside, next Wed 25 Nov, 08:00");
  expect(explain({ title: "Not possible now" })).toBe("Not possible now");
});

describe("wall clocks of other zones", () => {
  const cases: [string, string, string][] = [
    ["America/New_York", "2026-11-24T10:00", "2026-11-24T15:00:00.000Z"],
    ["America/New_York", "2026-07-01T10:00", "2026-07-01T14:00:00.000Z"],
    ["Asia/Kolkata", "2026-11-24T00:15", "2026-11-23T18:45:00.000Z"],
    ["Pacific/Kiritimati", "2026-12-31T23:59", "2026-12-31T09:59:00.000Z"],
    ["-05:00", "2026-11-24T10:00", "2026-11-24T15:00:00.000Z"],
    ["+05:30", "2026-11-24T00:15", "2026-11-23T18:45:00.000Z"],
    ["UTC", "2028-02-29T12:00", "2028-02-29T12:00:00.000Z"],
  ];
  test.each(cases)("%s %s", (zone, wall, instant) => {
    expect(new Date(instantOf(wall, zone)).toISOString()).toBe(instant);
    expect(wallOf(Date.parse(instant), zone)).toBe(wall);
  });

  test("an hour that happens twice means the first, one that is skipped moves on", () => {
    expect(new Date(instantOf("2026-11-01T01:30", "America/New_York")).toISOString()).toBe("2026-11-01T05:30:00.000Z");
    expect(new Date(instantOf("2026-03-08T02:30", "America/New_York")).toISOString()).toBe("2026-03-08T07:30:00.000Z");
    expect(new Date(instantOf("2026-10-25T02:30", "Europe/Berlin")).toISOString()).toBe("2026-10-25T00:30:00.000Z");
  });

  test("what is no time is none", () => {
    for (const odd of ["", "2026-11-24", "tomorrow", "2026-13-01T00:00"]) expect(instantOf(odd, "UTC"), odd).toBeNaN();
    expect(timeOfDay(Number.NaN)).toBe("");
    expect(dayAndTime(Number.NaN)).toBe("");
  });

  test("zones and offsets", () => {
    expect(validZone("America/New_York")).toBe(true);
    expect(validZone("-05:00")).toBe(true);
    expect(validZone("Mars/Olympus")).toBe(false);
    expect(validZone(undefined)).toBe(false);
    expect(offsetOf("2026-11-24T10:00:00-05:00")).toBe("-05:00");
    expect(offsetOf("2026-11-24T10:00:00Z")).toBe("+00:00");
    expect(offsetOf(undefined)).toBeUndefined();
  });
});
