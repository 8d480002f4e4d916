// Light or dark: as the system says, unless chosen otherwise in this browser.

const CHOSEN = "shelfwise.theme";
const THEMES = ["light", "dark"];

/** @param {HTMLSelectElement} select */
export function chooseTheme(select) {
  const apply = (/** @type {string} */ theme) => {
    if (THEMES.includes(theme)) document.documentElement.dataset["theme"] = theme;
    else delete document.documentElement.dataset["theme"];
    dispatchEvent(new Event("shelfwise:theme"));
  };
  select.value = localStorage.getItem(CHOSEN) ?? "";
  apply(select.value);
  select.addEventListener("change", () => {
    localStorage.setItem(CHOSEN, select.value);
    apply(select.value);
  });
}
