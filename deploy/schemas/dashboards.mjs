// dashboards.mjs MODULES WORK: checks Grafana's dashboards, JSON objects in an array on standard input,
// against the schema that Grafana publishes, which lies in the folder MODULES: types, so the TypeScript
// compiler does it. Options and styles are checked against those of the panel's own type. WORK is a
// folder for its input. What is wrong goes to standard output, a line each.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [modules, work] = process.argv.slice(2);
const dashboards = JSON.parse(readFileSync(0, "utf8"));
const panel = (name, file) =>
  `@grafana/schema/dist/types/raw/composable/${name}/panelcfg/x/${file}PanelCfg_types.gen.d.ts`;

const types = `
import type { DataQuery, DataSourceRef, FieldConfig } from "@grafana/schema";
import type { Dashboard, Panel } from "@grafana/schema/dist/types/raw/dashboard/x/dashboard_types.gen.d.ts";
import type * as stat from "${panel("stat", "Stat")}";
import type * as timeseries from "${panel("timeseries", "TimeSeries")}";

/** As JSON has it: a word of an enumeration is a text. */
type Written<T> = T extends string ? \`\${T}\`
  : T extends readonly (infer U)[] ? Written<U>[]
  : T extends object ? { [K in keyof T]: Written<T[K]> } : T;
/** The schema has no queries of Prometheus: beside what all queries have, these fields. */
interface Query extends Pick<DataQuery, "refId"> {
  datasource: DataSourceRef; expr: string; legendFormat: string; instant: boolean; range: boolean;
}
interface Of<Type, Options, Custom>
  extends Omit<Written<Panel>, "type" | "options" | "fieldConfig" | "targets"> {
  type: Type; options: Written<Options>; targets: Query[];
  fieldConfig: { overrides: []; defaults: Omit<Written<FieldConfig>, "custom"> & Custom };
}
type AnyPanel = Of<"stat", stat.Options, { custom?: undefined }>
  | Of<"timeseries", timeseries.Options, { custom: Written<timeseries.FieldConfig> }>;
interface Whole extends Omit<Written<Dashboard>, "panels"> { panels: AnyPanel[] }
`;

mkdirSync(work, { recursive: true });
symlinkSync(modules, join(work, "node_modules"));
const lines = dashboards.map(
  (one, at) => `export const dashboard${at}: Whole = ${JSON.stringify(one, null, 1)};\n`,
);
writeFileSync(join(work, "dashboards.ts"), types + lines.join(""));
writeFileSync(join(work, "package.json"), '{"type": "module"}');
const options = ["--noEmit", "--strict", "--skipLibCheck", "--pretty", "false", "--module", "esnext"];
const done = spawnSync(
  process.execPath,
  [join(modules, "typescript/bin/tsc"), ...options, "--moduleResolution", "bundler", "dashboards.ts"],
  { cwd: work, encoding: "utf8" },
);
process.stdout.write(done.stdout + done.stderr);
process.exitCode = done.status;
