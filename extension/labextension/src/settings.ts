// The settings, as `schema/panel.json` describes them.

import type { ISettingRegistry } from "@jupyterlab/settingregistry";

import type { View } from "./protocol";

export interface Settings {
  gutter: "with the panel" | "always" | "never";
  follow: boolean;
  delay: number;
  tab: View;
  openAtStart: boolean;
  loadExtension: boolean;
}

export const DEFAULTS: Settings = {
  gutter: "with the panel", follow: true, delay: 80, tab: "cost", openAtStart: false, loadExtension: false,
};

/** What the registry has, over the defaults. */
export const settingsOf = (found: ISettingRegistry.ISettings | null): Settings =>
  ({ ...DEFAULTS, ...(found?.composite as Partial<Settings> | undefined) });
