import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./page.css";

import { createRoot } from "react-dom/client";

import { Playground } from "./playground";

createRoot(document.getElementById("root")!).render(<Playground />);
