// Pages that are made to be printed.
document.querySelector("[data-print]")?.addEventListener("click", () => { window.print(); });
