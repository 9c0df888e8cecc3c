// The design system's own behaviour: menus, error summaries, buttons that cannot be pressed twice.
import { initAll } from "./nhsuk-frontend-10.6.1.min.js";

initAll();
