// The icons of the panel, in JupyterLab's colours.

import { LabIcon } from "@jupyterlab/ui-components";

const icon = (name: string, inside: string): LabIcon => new LabIcon({
  name: `ad-workbench:${name}`,
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">${inside}</svg>`,
});
const stroked = (name: string, path: string): LabIcon => icon(name,
  `<path class="adw-Stroke" fill="none" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" d="${path}"/>`);

export const icons = {
  panel: icon("panel",
    '<path class="jp-icon3" fill="#616161" fill-rule="evenodd" d="M1.2 2h13.6L8 15zm3 1.8L8 11.4l3.8-7.6z"/>'),
  follow: stroked("follow", "M8 1v3M8 12v3M1 8h3M12 8h3M8 4a4 4 0 1 0 0 8 4 4 0 1 0 0-8"),
  gutter: stroked("gutter", "M2 3h8M2 6.5h3M2 10h12M2 13.5h5"),
  move: stroked("move", "M2 3h12v10H2zM10 3v10"),
};
