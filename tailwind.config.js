// Every colour, size and radius of Gatehouse, once. A colour is named for what it means; light and
// dark each give it a value, and the pages use the name.
const light = {
	paper: "#f5f2ec", // behind everything
	card: "#fffdf9",
	wash: "#efebe2", // a quiet fill: hover, notices, avatars
	line: "#e0dacd", // separates, carries no meaning
	edge: "#8a8172", // the border of what can be filled in or pressed: 3:1
	ink: "#25211b",
	quiet: "#635c50", // second voice: 4.5:1
	way: "#1d5940", // the way in: links, buttons, focus
	"way-deep": "#13422e",
	"way-wash": "#e4efe7",
	"on-way": "#fffdf9",
	danger: "#a1271b",
	"danger-deep": "#7f1c12",
	"danger-wash": "#fbeae6",
	"on-danger": "#fffdf9",
	amber: "#7a4c00", // look here
	"amber-wash": "#fbf0d9",
	lamp: "#d9952b", // the light in the window of the mark
	plate: "#000000", // brand buttons: GitHub, X, Apple
	"on-plate": "#ffffff",
	google: "#ffffff", // Google's own values
	"google-edge": "#747775",
	"google-ink": "#1f1f1f",
	shade: "rgb(60 48 28 / 0.09)",
};

const dark = {
	paper: "#17150f",
	card: "#211e19",
	wash: "#2c2822",
	line: "#39342c",
	edge: "#857c6c",
	ink: "#eee8dc",
	quiet: "#b0a797",
	way: "#84cba6",
	"way-deep": "#a3dbbe",
	"way-wash": "#1f3329",
	"on-way": "#0e2419",
	danger: "#f29a8e",
	"danger-deep": "#f8b8af",
	"danger-wash": "#3d211c",
	"on-danger": "#2d0b06",
	amber: "#e8bb6b",
	"amber-wash": "#382b13",
	lamp: "#f0b958",
	plate: "#ffffff",
	"on-plate": "#000000",
	google: "#131314",
	"google-edge": "#8e918f",
	"google-ink": "#e3e3e3",
	shade: "rgb(0 0 0 / 0.35)",
};

const names = Object.keys(light);
const variables = (theme) => Object.fromEntries(names.map((name) => [`--${name}`, theme[name]]));

/** @type {import('tailwindcss').Config} */
export default {
	content: ["./views/*.templ"],
	theme: {
		colors: {
			transparent: "transparent",
			current: "currentColor",
			...Object.fromEntries(names.map((name) => [name, `var(--${name})`])),
		},
		fontFamily: {
			sans: ["system-ui", "-apple-system", '"Segoe UI"', "Roboto", '"Helvetica Neue"', '"Noto Sans"', "Arial", "sans-serif"],
			mono: ["ui-monospace", '"SF Mono"', '"Cascadia Mono"', "Menlo", "Consolas", '"Liberation Mono"', "monospace"],
		},
		fontSize: {
			sm: ["0.875rem", "1.25rem"],
			base: ["1rem", "1.5rem"],
			lg: ["1.125rem", "1.625rem"],
			xl: ["1.5rem", "2rem"],
			"2xl": ["2.25rem", "2.75rem"],
		},
		borderRadius: { field: "0.5rem", card: "0.875rem", full: "9999px" },
		boxShadow: { card: "0 1px 2px var(--shade), 0 8px 24px -12px var(--shade)" },
		maxWidth: { card: "25rem", frame: "27rem", page: "45rem", text: "36rem", full: "100%" },
		screens: { sm: "34rem", md: "48rem" },
		extend: {
			minHeight: { touch: "2.75rem" },
			minWidth: { touch: "2.75rem" },
			transitionDuration: { DEFAULT: "120ms" },
		},
	},
	plugins: [
		({ addBase }) =>
			addBase({
				":root": { "color-scheme": "light dark", ...variables(light) },
				"@media (prefers-color-scheme: dark)": { ":root": variables(dark) },
			}),
	],
};
