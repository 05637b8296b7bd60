import { render } from "preact";
import { AgentPage } from "./agent/AgentPage";
import { SignInPage } from "./SignInPage";
import "./style.css";
import { WallboardPage } from "./wallboard/WallboardPage";

const pages: Record<string, () => preact.JSX.Element> = { "/agent": AgentPage, "/wallboard": WallboardPage };
const Page = pages[location.pathname.replace(/\/$/, "")] ?? SignInPage;
const root = document.getElementById("app");
if (root) render(<Page />, root);
