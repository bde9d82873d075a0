// The start script that trunk would write into the page. deploy.toml puts the names of the files into its tag.
const { program, wasm } = document.querySelector("script[data-program]").dataset;
const { default: init } = await import(program);
await init({ module_or_path: wasm });
