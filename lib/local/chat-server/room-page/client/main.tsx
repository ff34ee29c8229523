import { createRef, render } from 'preact';
import { App } from './app.tsx';
import { createStore } from './store.ts';
import { createUploader } from './uploads.ts';

const page = document.getElementById('page');
if (page) {
  const store = createStore(page.dataset['room'] ?? '');
  const app = createRef<App>();
  render(<App ref={app} store={store} uploader={createUploader(store)} />, page);
  store.connect();
  const message = new URLSearchParams(location.search).get('msg');
  if (message) app.current?.goToWhenLoaded(message);
}
