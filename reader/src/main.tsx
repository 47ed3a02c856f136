import "@fontsource-variable/inter/index.css";
import "./app/base.css";

import { createRoot } from "react-dom/client";

import { App } from "./app/app";
import { applyTheme } from "./app/theme";
import { storedTheme } from "./shared/storage";

applyTheme(storedTheme.get());

createRoot(document.getElementById("root")!).render(<App />);
