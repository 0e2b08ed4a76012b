// What markup alone cannot do. Every page works without it.
(() => {
	const form = (event) => event.detail.ctx.sourceElement.closest("form");
	const refresher = () => document.getElementById("refresh");
	const shrinking = new WeakMap(); // by form, until its photo is small

	// A form that is on its way cannot be sent again.
	document.addEventListener("submit", (event) => {
		const sent = event.target;
		if (sent.getAttribute("aria-busy") || shrinking.has(sent)) {
			event.preventDefault();
			event.stopPropagation();
			shrinking.get(sent)?.then(() => sent.requestSubmit(event.submitter));
			return;
		}
		sent.setAttribute("aria-busy", "true");
		for (const button of sent.querySelectorAll("[data-reveal]")) reveal(button, false);
		if (!sent.hasAttribute("hx-post")) setTimeout(() => sent.removeAttribute("aria-busy"), 10000);
	}, true);
	document.addEventListener("htmx:finally:request", (event) => {
		if (!event.detail.ctx.keepIndicators) form(event)?.removeAttribute("aria-busy");
	});

	// No answer, or one that is not ours: say so inside the form and keep what was typed.
	const unanswered = (event) => {
		const slot = form(event)?.querySelector(".problem");
		slot?.replaceChildren(document.getElementById("unanswered").content.cloneNode(true));
	};
	document.addEventListener("htmx:error", (event) => event.detail.ctx && unanswered(event));
	document.addEventListener("htmx:before:swap", (event) => {
		const { response, hx } = event.detail.ctx;
		if (response.status < 500 || hx.retarget || hx.reswap) return;
		event.preventDefault();
		unanswered(event);
	});

	// A tab that wakes asks whether its session still lives.
	const wake = () => document.visibilityState === "visible" && refresher()?.dispatchEvent(new Event("wake"));
	document.addEventListener("visibilitychange", wake);
	addEventListener("online", wake);
	// A page that comes back whole from the browser's memory may belong to an ended session.
	addEventListener("pageshow", (event) => {
		if (event.persisted && (refresher() || document.querySelector("[aria-busy=true]"))) location.reload();
	});

	// A password can be looked at while it is typed, and is covered again when it is sent.
	const typed = (button) => document.getElementById(button.dataset.reveal);
	const reveal = (button, shown) => {
		typed(button).type = shown ? "text" : "password";
		button.textContent = shown ? button.dataset.hide : button.dataset.show;
		button.ariaLabel = shown ? button.dataset.hideLabel : button.dataset.showLabel;
	};
	document.addEventListener("click", (event) => {
		const button = event.target.closest("[data-reveal]");
		if (button) reveal(button, typed(button).type === "password");
	});

	// A photo as a phone takes it is sent smaller, and upright; a press waits for it. What is no picture is
	// sent as it is: the server says so.
	const shrink = async (input, file, side) => {
		const photo = await createImageBitmap(file);
		const scale = Math.min(1, side / Math.min(photo.width, photo.height));
		const canvas = Object.assign(document.createElement("canvas"), { width: photo.width * scale, height: photo.height * scale });
		const context = canvas.getContext("2d");
		context.fillStyle = "white"; // JPEG has no transparency
		context.fillRect(0, 0, canvas.width, canvas.height);
		context.drawImage(photo, 0, 0, canvas.width, canvas.height);
		const smaller = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
		if (input.files[0] !== file) return;
		const files = new DataTransfer();
		files.items.add(new File([smaller], "picture.jpg", { type: smaller.type }));
		input.files = files.files;
	};
	document.addEventListener("change", ({ target: { dataset, files, form }, target }) => {
		if (!dataset.shrink || !files[0]) return;
		const done = shrink(target, files[0], Number(dataset.shrink)).catch(() => {}).finally(() => shrinking.delete(form));
		shrinking.set(form, done);
	});

	const caps = (event) => {
		const hint = event.target.dataset?.caps && document.getElementById(event.target.dataset.caps);
		if (hint && event.getModifierState) hint.hidden = !event.getModifierState("CapsLock");
	};
	document.addEventListener("keydown", caps);
	document.addEventListener("keyup", caps);
})();
