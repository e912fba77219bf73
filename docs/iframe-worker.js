// Browsers start no worker from a file. Where the site is opened without a server, the search's
// worker runs in a hidden frame instead; messages are copied and come later, as those of a worker.
if (location.protocol === "file:") {
  const later = (to, data) => {
    const event = new MessageEvent("message", { data: structuredClone(data) })
    setTimeout(() => to.dispatchEvent(event))
  }
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.addEventListener("message", event => this.onmessage?.(event))
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      document.body.append(this.frame)
      const inside = this.frame.contentWindow
      inside.postMessage = data => later(this, data)
      const script = inside.document.createElement("script")
      script.src = url
      this.loaded = new Promise(resolve => { script.onload = resolve })
      inside.document.body.append(script)
    }

    postMessage(data) {
      const sent = structuredClone(data)
      this.loaded.then(() => this.frame.isConnected && later(this.frame.contentWindow, sent))
    }

    terminate() {
      this.frame.remove()
    }
  }
}
