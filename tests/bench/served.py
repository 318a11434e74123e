"""served.py: a server of its own with one model, called m, for the scripts beside it."""
import json, os, pathlib, re, subprocess, tempfile, urllib.request

PROGRAM = str(pathlib.Path(__file__).resolve().parents[2] / "build/headroom")


class Server:
    def __init__(self, program, model, **environment):
        self.home = tempfile.TemporaryDirectory()
        folders = dict.fromkeys(["OLLAMA_MODELS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"], self.home.name)
        env = {**os.environ, **folders, **environment}
        subprocess.run([program, "create", "m", "-f", "-"], env=env, input=f"FROM {model}", text=True, check=True, stderr=subprocess.DEVNULL)
        self.process = subprocess.Popen([program, "serve", "--host", "127.0.0.1:0"], env=env, stderr=subprocess.PIPE, text=True)
        self.uri = next(found[0] for line in self.process.stderr if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))

    def open(self, stream, num_predict, num_ctx=2048, **body):
        """A chat if there are messages, else a raw prompt."""
        body = {"model": "m", "stream": stream, "options": {"temperature": 0, "seed": 1, "num_predict": num_predict, "num_ctx": num_ctx}, **body}
        path = "/api/chat" if "messages" in body else "/api/generate"
        request = urllib.request.Request(self.uri + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return urllib.request.urlopen(request)

    def ask(self, **body):
        return json.load(self.open(False, **body))

    def close(self):
        self.process.terminate()
        self.process.wait()
